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

/** The end of a hash in its form that is its own, salt and hash in base64 with the `$` between; what stands before tells its cost. Characters. */
export const OWN_LENGTH = base64Length(SALT_BYTES) + 1 + base64Length(HASH_BYTES);

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
   * What cannot be read, or is more than the machine can do, is left out: a refusal is one all the same, and counts.
   *
   * @param checked - Undefined when there is no user.
   * @param samples - A hash of each cost that users' hashes have.
   */
  async levelTime(password: string, checked: string | undefined, samples: readonly string[]): Promise<void> {
    const costs = new Map([this.#cost, ...samples.filter(isReadable).map(costOf)].map((cost) => [nameOf(cost), cost]));
    if (checked !== undefined) costs.delete(nameOf(costOf(checked)));
    for (const cost of costs.values()) await this.#derive(password, NO_SALT, cost).catch(() => undefined);
  }

  /** Whether a hash was made at another cost than new ones are. */
  isOutdated(hash: string): boolean {
    return nameOf(costOf(hash)) !== nameOf(this.#cost);
  }

  #derive(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
    /* Keyboards differ in how they compose accented letters. */
    const text = password.slice(0, MAX_PASSWORD_LENGTH + 1).normalize('NFC');
    return this.#scrypt(text, salt, HASH_BYTES, { ...cost, maxmem: 2 * 128 * cost.N * cost.r });
  }
}

function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

function nameOf({ N, r, p }: ScryptCost): string {
  return `scrypt$${N}$${r}$${p}`;
}

function form(cost: ScryptCost, salt: Buffer, hash: Buffer): string {
  return [nameOf(cost), salt.toString('base64'), hash.toString('base64')].join('$');
}

/** @throws for one that is damaged */
function costOf(hash: string): ScryptCost {
  return read(hash).cost;
}

function isReadable(hash: string): boolean {
  try {
    read(hash);
    return true;
  } catch {
    return false;
  }
}

function read(text: string): { cost: ScryptCost; salt: Buffer; expected: Buffer } {
  const [scheme, N, r, p, salt, hash] = text.split('$');
  const expected = Buffer.from(hash ?? '', 'base64');
  if (scheme !== 'scrypt' || expected.length !== HASH_BYTES) throw new Error('A password hash is damaged.');
  return { cost: { N: Number(N), r: Number(r), p: Number(p) }, salt: Buffer.from(salt ?? '', 'base64'), expected };
}
