import type { Access } from './access.js';

/** A folder as one user sees it. A library is its root folder. */
export interface Folder {
  readonly id: number;
  readonly name: string;
  /** The root folder of the library it is in: its own number when it is that. */
  readonly libraryId: number;
  readonly isOffline: boolean;
  /** What the user may do in its library; never `none`, for then there would be no folder to see. */
  readonly access: Exclude<Access, 'none'>;
}
