/** What a server complains of that should print nothing: an error nobody expected, or a warning of Node.js. */
export function complaintOf({ lastWords }: { readonly lastWords: string }): string | undefined {
  if (!/unexpected error|Warning:|Unhandled/.test(lastWords)) return undefined;
  return `The server complains:\n${lastWords}`;
}
