import http from 'node:http';
import express, { type Express } from 'express';

/** The classes of which an HTTP server makes its requests and responses (`http.createServer`). */
export type MessageClasses = Required<Pick<http.ServerOptions, 'IncomingMessage' | 'ServerResponse'>>;

/**
 * Makes classes of requests and responses that are Express's from the start. Express would else change the prototype of each one, and an object
 * whose prototype has changed shares no hidden class with its like: every property set on it afterwards makes V8 write down a class for
 * this one object, in the old generation.
 */
export function expressMessages(application: Express): MessageClasses {
  class Request extends http.IncomingMessage {}
  class Response<R extends http.IncomingMessage = http.IncomingMessage> extends http.ServerResponse<R> {}
  application.request = inherit(Request.prototype, express.request, application);
  application.response = inherit(Response.prototype, express.response, application);
  return { IncomingMessage: Request, ServerResponse: Response };
}

/** Does to a prototype what Express does to those it makes itself: it knows what Express's know, and the application. */
function inherit<T extends object>(prototype: object, from: T, app: Express): T {
  return Object.assign(Object.setPrototypeOf(prototype, from) as T, { app });
}
