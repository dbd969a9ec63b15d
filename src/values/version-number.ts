import { Failure } from './failure.js';

/** A version's number as the contract packs it: major * 1,000,000 + minor * 1,000 + revision. */
export type VersionNumber = number & { readonly __brand: 'VersionNumber' };

/** The number of a document's first version: 1.0.0. */
export const FIRST_VERSION = 1_000_000 as VersionNumber;

/** The smallest number that is a packed version; what lies between 0 and it names no version. */
export const SMALLEST_VERSION = FIRST_VERSION;

export const MAX_MAJOR = 2400;
export const MAX_MINOR = 999;
export const MAX_REVISION = 999;

/** Packs a version. @throws Failure when a part is out of range: major 1–2400, minor and revision 0–999. */
export function packVersion(major: number, minor: number, revision: number): VersionNumber {
  checkPart('major', major, 1, MAX_MAJOR);
  checkPart('minor', minor, 0, MAX_MINOR);
  checkPart('revision', revision, 0, MAX_REVISION);
  return (major * 1_000_000 + minor * 1_000 + revision) as VersionNumber;
}

/** The number after `version`: its revision plus one, carried at 1000. @throws Failure past 2400.999.999. */
export function nextVersion(version: VersionNumber): VersionNumber {
  const next = (version + 1) as VersionNumber;
  if (next >= (MAX_MAJOR + 1) * 1_000_000) throw new Failure('The document has no version number left.');
  return next;
}

/** `1.0.12`, for messages. */
export function describeVersion(version: VersionNumber): string {
  return `${Math.floor(version / 1_000_000)}.${Math.floor(version / 1_000) % 1_000}.${version % 1_000}`;
}

function checkPart(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Failure(`The ${name} version number must be between ${least} and ${most}.`);
  }
}
