/** Why a body was not read: the status to answer with. */
export interface Refused {
  refused: 400 | 413 | 415
}

/**
 * Reads a form, urlencoded or multipart, of at most `limit` bytes. A browser's and a mail service's form need no more
 * than 64 KB.
 */
export async function readForm(request: Request, limit = 65_536): Promise<FormData | Refused> {
  const type = mediaType(request)
  if (type !== 'application/x-www-form-urlencoded' && type !== 'multipart/form-data') {
    return { refused: 415 }
  }
  const bytes = await readBytes(request, limit)
  if ('refused' in bytes) return bytes
  const headers = { 'content-type': request.headers.get('content-type') ?? '' }
  try {
    return await new Response(bytes, { headers }).formData()
  } catch {
    return { refused: 400 }
  }
}

/** Reads a JSON body of at most `limit` bytes; what it holds is still to be parsed. */
export async function readJson(
  request: Request,
  limit: number,
): Promise<{ json: unknown } | Refused> {
  if (mediaType(request) !== 'application/json') return { refused: 415 }
  const bytes = await readBytes(request, limit)
  if ('refused' in bytes) return bytes
  try {
    return { json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return { refused: 400 }
  }
}

/** Reads a body of at most `limit` bytes. It counts while it reads, since a chunked one does not say how long it is. */
export async function readBytes(
  request: Request,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | Refused> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength
      if (size > limit) return { refused: 413 }
      chunks.push(chunk)
    }
  } catch {
    // The sender broke off, or the adapter's own limit was reached.
    return { refused: size > 0 ? 413 : 400 }
  }
  return new Uint8Array(Buffer.concat(chunks))
}

function mediaType(request: Request): string {
  const [type = ''] = (request.headers.get('content-type') ?? '').split(';')
  return type.trim().toLowerCase()
}
