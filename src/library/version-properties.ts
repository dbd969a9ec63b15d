import type { Instant } from '../storage/schema.js';
import { Failure } from '../values/failure.js';
import type { VersionNumber } from '../values/version-number.js';
import { isWritable } from '../values/writable-text.js';

/** What a caller may say about a version along with its content. What is left out has its default. */
export interface VersionProperties {
  /** The document's description. Left out: as it was. */
  readonly description?: string | undefined;
  /** The document's keywords. Left out: as they were. */
  readonly keywords?: string | undefined;
  readonly comment?: string | undefined;
  /**
   * Whether the document is checked out to the caller afterwards. Not, or left out: a lock the caller had ends with
   * this version, which is how a document is checked in.
   */
  readonly checkout?: boolean | undefined;
  /** Whether the version is published: left out, it is. */
  readonly publish?: boolean | undefined;
  /** The document's text without its form. It is kept; nothing looks into it. */
  readonly textOnlyContent?: string | undefined;
  /** When the content was first made, ms since 1970 UTC. Left out: now. */
  readonly createdAt?: Instant | undefined;
  /** When the content was last changed, ms since 1970 UTC. Left out: now. */
  readonly modifiedAt?: Instant | undefined;
  /** The version's number, greater than all before. Left out: the next one. */
  readonly number?: VersionNumber | undefined;
}

/** The longest description, keywords and comment, in characters: a history of a thousand versions must stay readable. */
const MAX_TEXT_LENGTH = 8_000;

/** @throws Failure for a text that is too long or could not be written into an answer. */
export function checkProperties(properties: VersionProperties): void {
  const texts = {
    description: properties.description,
    'list of keywords': properties.keywords,
    'version comment': properties.comment,
  };
  for (const [name, text = ''] of Object.entries(texts)) {
    if (text.length > MAX_TEXT_LENGTH) {
      throw new Failure(`The ${name} is longer than ${MAX_TEXT_LENGTH} characters.`);
    }
    if (!isWritable(text)) throw new Failure(`The ${name} contains control characters.`);
  }
}
