/** An order file that is as it should be: tests change one thing of it. */
export const GOOD = `kind: job
image: process:node
command: ["-e", "console.log(1)"]
replicas: 2
cpu: 500m
memory: 64Mi
limitPerHour: "1.00"
budget: 0.50
duration: 2m
`;
