import { type Contract, ContractError } from './contract.js';

/**
 * Checks at start that the contract's operations and the functions that carry them out match one to one.
 *
 * @param implemented - The names of the functions.
 * @throws ContractError naming what is missing on either side.
 */
export function matchOperations(contract: Contract, implemented: Iterable<string>): void {
  const functions = new Set(implemented);
  const undone = [...contract.operations.keys()].filter((name) => !functions.has(name));
  const unknown = [...functions].filter((name) => !contract.operations.has(name));
  const differences = [
    ...(undone.length > 0 ? [`in the WSDL but not implemented: ${undone.join(', ')}`] : []),
    ...(unknown.length > 0 ? [`implemented but not in the WSDL: ${unknown.join(', ')}`] : []),
  ];
  if (differences.length > 0) throw new ContractError(`The operations do not match: ${differences.join('; ')}.`);
}
