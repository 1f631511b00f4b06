/** A request whose body ends with an error once it is larger than allowed. */
export interface LimitedRequest {
  request: Request
  isTooLarge(): boolean
}

/** The same request under another address, its body counted as it is read: whoever refuses it by its headers reads nothing of it. */
export function limitRequest(request: Request, url: string, limit: number): LimitedRequest {
  let size = 0
  const { method, headers } = request
  const counted = request.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength
        if (size > limit) controller.error(new Error(`the body is larger than ${limit} bytes`))
        else controller.enqueue(chunk)
      },
    }),
  )
  return {
    request: new Request(url, {
      method,
      headers,
      ...(counted && { body: counted, duplex: 'half' }),
    }),
    isTooLarge: () => size > limit,
  }
}
