/** A person or a program that may log in. */
export interface User {
  readonly id: number;
  /** As it was given; it compares by its nameKey. */
  readonly name: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  /** May do everything, in every library. */
  readonly isAdministrator: boolean;
}

/** First and last name, or the user's name when there are none. */
export function fullName(user: User): string {
  return [user.firstName, user.lastName].filter((part) => part !== '').join(' ') || user.name;
}
