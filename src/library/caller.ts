/** The user on whose behalf something is done in the library, as far as the library has to know. */
export interface Caller {
  readonly id: number;
  /** May do everything in every library. */
  readonly isAdministrator: boolean;
}
