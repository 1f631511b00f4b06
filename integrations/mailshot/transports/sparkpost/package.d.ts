/** What is called of the package sparkpost 2.1.4, which brings no types: its options go on to `request`. */
declare module 'sparkpost' {
  interface CallOptions {
    uri: string
    json?: unknown
    headers?: Record<string, string>
    timeout?: number
    pool?: object
    agentOptions?: object
    httpModules?: object
    followRedirect?: boolean
    jsonReviver?: (key: string, value: unknown, context?: { source?: string }) => unknown
  }
  export default class SparkPost {
    constructor(key: string, options: { origin: string })
    /** Rejects with what `request` could not do, or with an error that has the `statusCode` and the body's `errors`. */
    get(options: CallOptions): Promise<unknown>
    post(options: CallOptions): Promise<unknown>
    put(options: CallOptions): Promise<unknown>
    delete(options: CallOptions): Promise<unknown>
  }
}
