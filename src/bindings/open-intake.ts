import type { IncomingMessage } from 'node:http';
import type { OperationContract } from '../contract/contract.js';
import type { Call } from '../operations/operation.js';
import type { BindingOptions } from './binding-options.js';
import { fillTicket } from './caller.js';
import { ArgumentIntake, type Duplicates } from './payload/argument-intake.js';

/** Begins to take in the arguments of a call of an operation, and the ticket that came in the cookie of its request. */
export function openIntake(
  operation: OperationContract,
  { buffers, runner, spool, trustProxy }: BindingOptions,
  { call, duplicates, request }: { call: Call; duplicates: Duplicates; request: IncomingMessage },
): ArgumentIntake {
  const policy = { trustProxy, isRead: runner.isRead(operation) };
  return new ArgumentIntake(operation, runner, {
    call,
    spool,
    buffers,
    duplicates,
    fillTicket: (arrived) => fillTicket(arrived, request, policy),
  });
}
