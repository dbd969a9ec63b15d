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
 * Cheat Sheet, and the one that suits a server which has a memory budget: 32 MiB and about 0.2 s for each log-in.
 */
export function scryptCost(exponent: number): ScryptCost {
  return { N: 2 ** exponent, r: 8, p: 3 };
}

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** The longest password, in characters. What is longer is no password of anybody. */
export const MAX_PASSWORD_LENGTH = 1024;

const scrypt = promisify<string, Buffer, number, crypto.ScryptOptions, Buffer>(crypto.scrypt);

/**
 * Hashing and checking of passwords with scrypt, in the form `scrypt$N$r$p$salt$hash` (salt and hash base64). Each keeps a thread busy; how
 * many there are at once is LogInThrottle's to say.
 */
export class Passwords {
  readonly #cost: ScryptCost;
  readonly #decoy: string;

  /** `cost` is that of new hashes; old ones are checked at their own. */
  constructor(cost: ScryptCost) {
    this.#cost = cost;
    this.#decoy = form(cost, crypto.randomBytes(SALT_BYTES), crypto.randomBytes(HASH_BYTES));
  }

  async hash(password: string): Promise<string> {
    const salt = crypto.randomBytes(SALT_BYTES);
    return form(this.#cost, salt, await this.#derive(password, salt, this.#cost));
  }

  /**
   * Whether the password is the one `hash` was made from. Without a hash the answer is no, after the time of a hash made now: whether a user
   * exists is not to be learnt from how long the refusal takes, but for users whose hash is outdated.
   */
  async verify(password: string, hash: string | undefined): Promise<boolean> {
    const { cost, salt, expected } = read(hash ?? this.#decoy);
    const found = await this.#derive(password, salt, cost);
    return crypto.timingSafeEqual(found, expected) && hash !== undefined;
  }

  /** Whether a hash was made at another cost than new ones are. */
  isOutdated(hash: string): boolean {
    const { N, r, p } = read(hash).cost;
    return N !== this.#cost.N || r !== this.#cost.r || p !== this.#cost.p;
  }

  #derive(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
    /* Keyboards differ in how they compose accented letters. */
    const text = password.slice(0, MAX_PASSWORD_LENGTH + 1).normalize('NFC');
    return scrypt(text, salt, HASH_BYTES, { ...cost, maxmem: 2 * 128 * cost.N * cost.r });
  }
}

function form(cost: ScryptCost, salt: Buffer, hash: Buffer): string {
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64'), hash.toString('base64')].join('$');
}

function read(text: string): { cost: ScryptCost; salt: Buffer; expected: Buffer } {
  const [scheme, N, r, p, salt, hash] = text.split('$');
  const expected = Buffer.from(hash ?? '', 'base64');
  if (scheme !== 'scrypt' || expected.length !== HASH_BYTES) throw new Error('A password hash is damaged.');
  return { cost: { N: Number(N), r: Number(r), p: Number(p) }, salt: Buffer.from(salt ?? '', 'base64'), expected };
}
