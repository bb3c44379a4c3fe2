import type * as v from 'valibot';
import type { Problem, ProblemCode } from '../problem.ts';

/** A failure in the wire format of one API. */
export interface FailureAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A wire format other than Mooring's own: what its endpoints have in common. They are in the folder of `functions/` with its name. */
export interface WireFormat {
  readonly name: string;
  /** The description of its tag in the OpenAPI document. */
  readonly description: string;
  /** Every path with this prefix belongs to it, even one that no route has. */
  readonly prefix: string;
  /**
   * Renders a problem as its clients expect it. Free text must pass through `clean`, because it may quote a server's message.
   * In `problem.extras`, `errors` and `requestPart` describe what is wrong with a request. An API whose seed defines no form of errors has neither
   * this nor `failureBody`: its failures are problem documents, like Mooring's own.
   */
  readonly failure?: (problem: Problem, clean: (text: string) => string) => FailureAnswer;
  /** Returns the schema of a failure's body with this status. */
  readonly failureBody?: (status: number) => v.GenericSchema;
  /** The texts of the core as its clients know them. Absent: they are those of Mooring's own API. */
  readonly texts?: {
    /** Titles and remediations by code. */
    readonly problems: Readonly<
      Record<ProblemCode, { readonly title: string; readonly remediation: string }>
    >;
    /** Returns the problem with its other texts as its clients know them. */
    readonly restore: (problem: Problem) => Problem;
  };
  /** Named schemas in the OpenAPI document, where the name of the API precedes theirs. */
  readonly schemas: {
    readonly answers: Readonly<Record<string, v.GenericSchema>>;
    readonly bodies: Readonly<Record<string, v.GenericSchema>>;
  };
  /** Examples of requests, by the endpoint's file name: `create`. */
  readonly examples?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The parts of a wire format that define its own form of failures. */
export type FailureFormat = Required<Pick<WireFormat, 'failure' | 'failureBody'>>;

export const hasFailureFormat = (api: Partial<FailureFormat> | undefined): api is FailureFormat =>
  api?.failure !== undefined && api.failureBody !== undefined;
