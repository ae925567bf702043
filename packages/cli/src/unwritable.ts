/** Why a place cannot be written to, in words. */

/** What the system says to who may not write there, or finds no room. */
const WHY: Readonly<Record<string, string>> = {
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'it can only be read',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your share of the disk is used up',
  EEXIST: 'there is a file of this name',
  ENOTDIR: 'a part of the path is no folder',
  ENOENT: 'nothing can be made there',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links lead in a circle',
};

/** Undefined for what has other reasons. */
export function whyUnwritable(code: string | undefined): string | undefined {
  return code !== undefined && Object.hasOwn(WHY, code) ? WHY[code] : undefined;
}
