import http from 'node:http';
import express, { type Express } from 'express';
import { GrowingBuffer } from './payload/growing-buffer.js';

/** The classes of which an HTTP server makes its requests and responses (`http.createServer`). */
export type MessageClasses = Required<Pick<http.ServerOptions, 'IncomingMessage' | 'ServerResponse'>>;

const IS_UPGRADE = Symbol('is upgrade');

/** Pieces of a body below this size are gathered, bytes. A larger one takes little beside its bytes. */
const SMALL = 4096;

/** Hears an error. Node takes its own listener off a connection that goes on in another protocol, and without one an error ends the process. */
const ignore = (): void => undefined;

/**
 * Makes classes of requests and responses that are Express's from the start. Express would else change the prototype of each one, and an object
 * whose prototype has changed shares no hidden class with its like: every property set on it afterwards makes V8 write down a class for
 * this one object, in the old generation.
 */
export function expressMessages(application: Express): MessageClasses {
  class Request extends http.IncomingMessage {
    declare private [IS_UPGRADE]: unknown;
    /** What has come behind what the stream holds. There is none unless the stream holds something: what reads that meets this next. */
    #gathered: GrowingBuffer | undefined;

    /** Whether the connection goes on in another protocol: Node asks when it has read a head, and reads no further then. */
    get upgrade(): unknown {
      return this[IS_UPGRADE];
    }

    /**
     * Set by Node, from what the head says. A request on a connection that has been destroyed is made one as well: Node would else make a request of
     * everything that lies in what came with it, thousands in 64 KiB, and keep them until the connection is closed. Not on one that has but been
     * ended: Node would hear no error of it any more. Of the one that has been destroyed it may yet be told what it was destroyed with.
     */
    set upgrade(isAsked: unknown) {
      const { destroyed } = this.socket;
      if (destroyed) this.socket.once('error', ignore);
      this[IS_UPGRADE] = destroyed ? true : isAsked;
    }

    /**
     * Takes a piece of the body from Node's parser, or null at its end; returns whether the socket is to go on. Node makes a buffer for every chunk of the
     * transfer coding, and stops the socket only when all that came with it has been cut up: 64 KiB are ten thousand buffers when each chunk has a
     * byte. What has come and nobody reads yet is put into few.
     */
    override push(piece: Buffer | null): boolean {
      const isGathered = piece !== null && piece.length < SMALL && this.readableLength > 0;
      if (!isGathered) {
        this.#handOn();
        return super.push(piece);
      }
      this.#gathered ??= new GrowingBuffer();
      this.#gathered.append(piece, 0, piece.length);
      return this.readableLength + this.#gathered.length < this.readableHighWaterMark;
    }

    override read(size?: number): unknown {
      this.#handOn();
      return super.read(size);
    }

    #handOn(): void {
      if (!this.#gathered) return;
      const { bytes } = this.#gathered;
      this.#gathered = undefined;
      super.push(bytes);
    }
  }
  class Response<R extends http.IncomingMessage = http.IncomingMessage> extends http.ServerResponse<R> {}
  application.request = inherit(Request.prototype, express.request, application);
  application.response = inherit(Response.prototype, express.response, application);
  return { IncomingMessage: Request, ServerResponse: Response };
}

/** Does to a prototype what Express does to those it makes itself: it knows what Express's know, and the application. */
function inherit<T extends object>(prototype: object, from: T, app: Express): T {
  return Object.assign(Object.setPrototypeOf(prototype, from) as T, { app });
}
