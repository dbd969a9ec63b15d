import { address } from './rows/address.js';
import { beyond } from './rows/beyond.js';
import { httpGet } from './rows/http-get.js';
import { httpPost } from './rows/http-post.js';
import { iis } from './rows/iis.js';
import { rules } from './rows/rules.js';
import { soap11Section } from './rows/soap11.js';
import { soap12Section } from './rows/soap12.js';
import { toolkits } from './rows/toolkits.js';
import { wholeMessages } from './rows/whole-messages.js';
import type { Section } from './row.js';

/**
 * Every form of request whose answer is known of ASMX, and what we answer. The test drives it over real connections;
 * docs/COMPATIBILITY.md is written from it.
 */
export const TABLE: readonly Section[] = [
  wholeMessages,
  rules,
  httpGet,
  httpPost,
  soap11Section,
  soap12Section,
  address,
  iis,
  toolkits,
  beyond,
];
