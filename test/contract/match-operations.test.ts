import { ContractError } from '../../src/contract/contract.js';
import { matchOperations } from '../../src/contract/match-operations.js';
import { loadContract } from '../../src/contract/wsdl-reader.js';

const contract = loadContract();
const names = [...contract.operations.keys()];

test('functions for all operations match, in any order', () => {
  expect(() => matchOperations(contract, names.toReversed())).not.toThrow();
});

test('an operation without a function stops the start', () => {
  const functions = names.filter((name) => name !== 'LogOut' && name !== 'FolderExists');
  expect(() => matchOperations(contract, functions)).toThrow(
    new ContractError('The operations do not match: in the WSDL but not implemented: LogOut, FolderExists.'),
  );
});

test('a function without an operation stops the start, and so does another case', () => {
  const functions = names.map((name) => (name === 'LogOut' ? 'Logout' : name));
  expect(() => matchOperations(contract, functions)).toThrow(
    'The operations do not match: in the WSDL but not implemented: LogOut; implemented but not in the WSDL: Logout.',
  );
});
