import { MAX_PASSWORD_LENGTH, Passwords, scryptCost } from '../../src/accounts/passwords.js';
import { DECLARATIONS } from '../../src/settings.js';
import { countedPasswords } from '../support/counted-scrypt.js';

const passwords = new Passwords({ N: 16, r: 1, p: 1 });

test('A password is verified by its hash, and no other is', async () => {
  const hash = await passwords.hash('correct horse');
  expect(await passwords.verify('correct horse', hash)).toBe(true);
  expect(await passwords.verify('Correct horse', hash)).toBe(false);
  expect(await passwords.verify('', hash)).toBe(false);
});

test('A hash tells its scheme and cost, and not the password', async () => {
  expect(await passwords.hash('correct horse')).toMatch(/^scrypt\$16\$1\$1\$[\w+/]{22}==\$[\w+/]{43}=$/);
});

test('The same password has another hash each time', async () => {
  expect(await passwords.hash('secret')).not.toBe(await passwords.hash('secret'));
});

test('A hash made at another cost is still verified', async () => {
  const hash = await new Passwords({ N: 32, r: 2, p: 2 }).hash('secret');
  expect(await passwords.verify('secret', hash)).toBe(true);
});

test('A hash that was made at another cost is outdated', async () => {
  expect(passwords.isOutdated(await passwords.hash('secret'))).toBe(false);
  for (const cost of [
    { N: 32, r: 1, p: 1 },
    { N: 16, r: 2, p: 1 },
    { N: 16, r: 1, p: 2 },
  ]) {
    expect(passwords.isOutdated(await new Passwords(cost).hash('secret'))).toBe(true);
  }
});

test('The cost of the server is one that OWASP holds to be enough', async () => {
  const exponent = Number(DECLARATIONS.passwordCost.default);
  const hash = await new Passwords(scryptCost(exponent)).hash('secret');
  expect(hash).toMatch(/^scrypt\$32768\$8\$3\$/);
  expect(await passwords.verify('secret', hash)).toBe(true);
});

test('Every refusal takes a check at each cost there is, whatever hash was checked', async () => {
  const now = await passwords.hash('secret');
  const earlier = await new Passwords({ N: 32, r: 1, p: 1 }).hash('secret');
  for (const hash of [now, earlier, undefined]) {
    const { costs, passwords: counted } = countedPasswords();
    if (hash !== undefined) expect(await counted.verify('wrong', hash)).toBe(false);
    await counted.levelTime('wrong', hash, [
      { N: 16, r: 1, p: 1 },
      { N: 32, r: 1, p: 1 },
    ]);
    expect(costs.sort()).toEqual([16, 32]);
  }
});

test('A password typed with composed or with separate accents is the same', async () => {
  expect(await passwords.verify('Ärger', await passwords.hash('A\u0308rger'))).toBe(true);
});

test('A password that goes on beyond the longest one is another', async () => {
  const longest = 'x'.repeat(MAX_PASSWORD_LENGTH);
  const hash = await passwords.hash(longest);
  expect(await passwords.verify(longest, hash)).toBe(true);
  expect(await passwords.verify(`${longest}x`, hash)).toBe(false);
});

test('A damaged hash is a fault of the server, not a wrong password', async () => {
  await expect(passwords.verify('secret', 'scrypt$16$1')).rejects.toThrow('A password hash is damaged.');
});
