import type * as v from 'valibot';
import type { Problem } from '../problem.ts';

/** A failure in the words of one API. */
export interface FailureAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One of the wire formats besides our own: what all of its endpoints have in common. Its endpoints are the folder of its name. */
export interface Api {
  readonly name: string;
  /** Of its tag in the OpenAPI document. */
  readonly description: string;
  /** All paths that begin so are its own, also those that it does not have. */
  readonly prefix: string;
  /**
   * The failure as its clients know it. What `clean` has not seen must not leave: free text may quote what a server said.
   * Of what `problem.extras` holds, `errors` and `place` tell what is wrong with a request. An API whose seed prints no form of errors
   * leaves it out, and `failureBody` with it: its failures are problem documents, as ours.
   */
  readonly failure?: (problem: Problem, clean: (text: string) => string) => FailureAnswer;
  /** What the body of a failure with this status may be. */
  readonly failureBody?: (status: number) => v.GenericSchema;
  /** Schemas that have a name of their own in the OpenAPI document, there preceded by the name of the API. */
  readonly schemas: {
    readonly answers: Readonly<Record<string, v.GenericSchema>>;
    readonly bodies: Readonly<Record<string, v.GenericSchema>>;
  };
  /** Examples of requests that it takes, by the endpoint's file: `create`. */
  readonly examples?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** How an API fails that has a form of its own. */
export type Failing = Required<Pick<Api, 'failure' | 'failureBody'>>;

export const isFailing = (api: Partial<Failing> | undefined): api is Failing =>
  api?.failure !== undefined && api.failureBody !== undefined;
