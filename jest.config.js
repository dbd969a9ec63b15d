/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  /* What takes long has a run of its own: jest.reliability.config.js. */
  testPathIgnorePatterns: ['<rootDir>/test/reliability/'],
  /* Both cores of a machine that has two. */
  maxWorkers: '100%',
  /* Nothing is measured by the clock: this is for a machine that has much else to do. */
  testTimeout: 60_000,
  extensionsToTreatAsEsm: ['.ts'],
  setupFilesAfterEnv: ['<rootDir>/test/support/buffer-equality.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
};
