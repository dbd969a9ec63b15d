import config from './jest.config.js';

/**
 * What stops, fails and is lost, and what takes processes or waiting: `npm run test:reliability`.
 *
 * @type {import('jest').Config}
 */
export default { ...config, roots: ['<rootDir>/test/reliability', '<rootDir>/src'], testPathIgnorePatterns: [] };
