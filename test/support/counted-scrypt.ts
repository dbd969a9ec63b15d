import { scrypt, type ScryptOptions } from 'node:crypto';
import { promisify } from 'node:util';
import { type Derive, Passwords } from '../../src/accounts/passwords.js';

const derive: Derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** Passwords that take no time to speak of, and the costs N at which they were derived. */
export function countedPasswords(): { passwords: Passwords; costs: number[] } {
  const costs: number[] = [];
  const passwords = new Passwords({ N: 16, r: 1, p: 1 }, (password, salt, length, options) => {
    costs.push(options.N ?? 0);
    return derive(password, salt, length, options);
  });
  return { passwords, costs };
}
