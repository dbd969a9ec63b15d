import crypto from 'node:crypto';
import { promisify } from 'node:util';

/** What a hash costs: memory is 128 * N * r bytes, time goes with N * r * p (RFC 7914). */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/**
 * The cost with N of two to the power of `exponent`. With 15 it is one of the settings of equal strength in OWASP's Password Storage
 * Cheat Sheet, and the one that suits a server which has a memory budget: 32 MiB for each log-in.
 */
export function scryptCost(exponent: number): ScryptCost {
  return { N: 2 ** exponent, r: 8, p: 3 };
}

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** What a hash begins with, and all hashes of its cost do. */
const BEGINNING = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$/;

/** For what is derived for its time alone. */
const NO_SALT = Buffer.alloc(SALT_BYTES);

/** The longest password, in characters. What is longer is no password of anybody. */
export const MAX_PASSWORD_LENGTH = 1024;

/** Derives a key of so many bytes from a password and a salt: scrypt (RFC 7914). */
export type Derive = (password: string, salt: Buffer, length: number, options: crypto.ScryptOptions) => Promise<Buffer>;

const scrypt: Derive = promisify<string, Buffer, number, crypto.ScryptOptions, Buffer>(crypto.scrypt);

/**
 * Hashing and checking of passwords with scrypt, in the form `scrypt$N$r$p$salt$hash` (salt and hash base64). Each keeps a thread busy; how
 * many there are at once is LogInThrottle's to say.
 */
export class Passwords {
  readonly #cost: ScryptCost;
  readonly #scrypt: Derive;

  /** `cost` is that of new hashes; old ones are checked at their own. */
  constructor(cost: ScryptCost, derive = scrypt) {
    this.#cost = cost;
    this.#scrypt = derive;
  }

  async hash(password: string): Promise<string> {
    const salt = crypto.randomBytes(SALT_BYTES);
    return form(this.#cost, salt, await this.#derive(password, salt, this.#cost));
  }

  /** Whether the password is the one `hash` was made from. */
  async verify(password: string, hash: string): Promise<boolean> {
    const { cost, salt, expected } = read(hash);
    return crypto.timingSafeEqual(await this.#derive(password, salt, cost), expected);
  }

  /**
   * To be called before a refusal: takes the time of a check at every cost there is but that of the hash that was checked. So all refusals
   * take the same, and whether a user exists is not to be learnt from it.
   *
   * One that is more than the machine can do is left out: a refusal is one all the same, and counts.
   *
   * @param checked - Undefined when there is no user.
   * @param inUse - The costs that users' hashes have.
   */
  async levelTime(password: string, checked: string | undefined, inUse: readonly ScryptCost[]): Promise<void> {
    const costs = new Map([this.#cost, ...inUse].map((cost) => [nameOf(cost), cost]));
    if (checked !== undefined) costs.delete(nameOf(read(checked).cost));
    for (const cost of costs.values()) await this.#derive(password, NO_SALT, cost).catch(() => undefined);
  }

  /** Whether a hash was made at another cost than new ones are. */
  isOutdated(hash: string): boolean {
    return nameOf(read(hash).cost) !== nameOf(this.#cost);
  }

  #derive(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
    /* Keyboards differ in how they compose accented letters. */
    const text = password.slice(0, MAX_PASSWORD_LENGTH + 1).normalize('NFC');
    return this.#scrypt(text, salt, HASH_BYTES, { ...cost, maxmem: 2 * 128 * cost.N * cost.r });
  }
}

/** The cost that a hash tells, and what all hashes of that cost begin with; undefined for one that is damaged there. */
export function costOf(hash: string): { cost: ScryptCost; beginning: string } | undefined {
  const found = BEGINNING.exec(hash);
  return found
    ? { cost: { N: Number(found[1]), r: Number(found[2]), p: Number(found[3]) }, beginning: found[0] }
    : undefined;
}

function nameOf({ N, r, p }: ScryptCost): string {
  return `scrypt$${N}$${r}$${p}`;
}

function form(cost: ScryptCost, salt: Buffer, hash: Buffer): string {
  return [nameOf(cost), salt.toString('base64'), hash.toString('base64')].join('$');
}

function read(text: string): { cost: ScryptCost; salt: Buffer; expected: Buffer } {
  const [scheme, N, r, p, salt, hash] = text.split('$');
  const expected = Buffer.from(hash ?? '', 'base64');
  if (scheme !== 'scrypt' || expected.length !== HASH_BYTES) throw new Error('A password hash is damaged.');
  return { cost: { N: Number(N), r: Number(r), p: Number(p) }, salt: Buffer.from(salt ?? '', 'base64'), expected };
}
