import type { Desk } from './client.js';

/** Folders a client has at most. */
const MOST_FOLDERS = 500;

/** Making folders. */
export class Organizing {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** A folder in one there is, and some above it that are made with it. */
  async createFolder(): Promise<void> {
    const { home, ledger, line, random, session } = this.#desk;
    /* What is in doubt may be a folder above the new one. */
    if ([...ledger.doubtfulFolders].some(([first]) => first === home || first?.startsWith(`${home}/`))) return;
    const own = [...ledger.folders].filter((path) => path === home || path.startsWith(`${home}/`));
    if (own.length >= MOST_FOLDERS) return;
    const parent = own.length === 0 ? home : random.pick(own);
    if (parent.split('/').length > 12) return;
    const made = own.length === 0 ? [home] : [];
    for (let path = parent, depth = random.below(3); depth >= 0; depth--) {
      path = `${path}/${random.below(2 ** 31)}`;
      made.push(path);
    }
    ledger.doubtfulFolders.add(made);
    await line.call('CreateFolder', { authenticationTicket: session.ticket, Path: made.at(-1) ?? parent });
    ledger.doubtfulFolders.delete(made);
    for (const path of made) ledger.folders.add(path);
  }
}
