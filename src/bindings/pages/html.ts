import { escapeAttribute } from '../../contract/element-writer.js';

/** A piece of HTML in which every value was escaped. Made by {@link markup} and {@link sample}. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template: text, which is escaped, or HTML, which is not. */
export type HtmlValue = string | Html | readonly Html[];

/** A template of HTML. Text put into it is escaped so that it can stand between tags and in double quotes alike. */
export function markup(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return join(strings, values);
}

/** A template of text that shows a message: all of it is escaped, tags in the template too, but for the HTML put into it. */
export function sample(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return join(strings.map(escapeHtml), values);
}

function join(strings: readonly string[], values: readonly HtmlValue[]): Html {
  let text = strings[0] ?? '';
  values.forEach((value, index) => (text += htmlOf(value) + (strings[index + 1] ?? '')));
  return new Html(text);
}

function htmlOf(value: HtmlValue): string {
  if (typeof value === 'string') return escapeHtml(value);
  return value instanceof Html ? value.toString() : value.join('');
}

function escapeHtml(text: string): string {
  return escapeAttribute(text).replaceAll('&#xA;', '\n');
}
