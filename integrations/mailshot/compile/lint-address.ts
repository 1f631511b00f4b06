import { errorAt, type Place, type Problem } from '../campaign/problem.ts'
import { hole } from './branches.ts'
import type { PreparedImages } from './images.ts'
import { findImage } from './markdown.ts'

export interface AddressOptions {
  /** The word that tokens begin with. An address with one is judged once it is finished. */
  prefix: string
  images: PreparedImages
  site: string
  /** Whether the site's pages and the images have got their whole addresses, as in finished HTML. */
  isFinished?: boolean
  /** Whether an image stands where its file would not be put on the web. */
  isElsewhere?: boolean
}

/** Judges where a link leads; in finished HTML a hole stands for each merge field's value. */
export function lintLink(written: string, place: Place, options: AddressOptions): Problem[] {
  // Clients drop white space and control characters before they look for the scheme.
  const url = written.replace(/[\s\p{Cc}]/gu, '')
  const problem = (what: string, why: string, cure: string) => [errorAt(place, what, why, cure)]
  if (url === '' || url === '#') {
    const cure = 'write where it leads, or remove it; with a condition, write an {% else %}'
    return problem('a link without an address', 'it leads nowhere', cure)
  }
  if (isOpen(url, options) || url.startsWith('#')) return []
  const shown = showHoles(url)
  if (local.test(url) && !url.startsWith(options.site)) {
    const what = `the link ${shown} leads to a local machine`
    return problem(what, 'readers cannot reach it', 'write the public address')
  }
  if (schemes.test(url)) {
    if (!isAddress(url)) {
      const cure = 'correct its host and port'
      return problem(`the link ${shown} cannot be opened`, 'no such server can exist', cure)
    }
    if (/^(?:https?:\/\/[^/?#]|(?!http)[a-z]+:[^/?#])/i.test(url)) return []
    const cure = 'write the whole address, or remove it'
    return problem(`the link ${shown} has no end`, 'it leads nowhere', cure)
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) {
    const why = 'a mail links with http, https, mailto or tel'
    return problem(`the link ${shown} is not allowed`, why, 'write another address')
  }
  return problem(
    `the link ${shown} has no beginning`,
    'in a mail there is no page it could be relative to',
    options.isFinished
      ? 'write it with https://, or with {{ site.url }}/ for a page of the site'
      : 'write it with https://, or with / for a page of the site',
  )
}

/** Judges where an image comes from: a file beside the campaign, or the web. */
export function lintSource(src: string, place: Place, options: AddressOptions): Problem[] {
  const problem = (what: string, why: string, cure: string) => [errorAt(place, what, why, cure)]
  if (src === '')
    return problem('an image without a source', 'there is nothing to show', 'write src="…"')
  if (local.test(src) && !src.startsWith(options.site))
    return problem(
      `the image ${src} is on a local machine`,
      'readers cannot see it',
      'put the file beside the campaign',
    )
  if (isOpen(src, options) || /^https?:\/\//i.test(src)) return []
  if (/^[a-z]+:/i.test(src))
    return problem(
      'an image written into the source',
      'Gmail and Outlook do not show it',
      'put the file beside the campaign',
    )
  return lintFile(src, place, options)
}

const schemes = /^(?:https?|mailto|tel|sms|webcal|geo):/i
const local =
  /^https?:\/\/(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\]|[^/]*\.local(?:host)?)(?=[:/]|$)/i

/** Whether nothing can be said of an address here: its value is made safe, or it is judged when finished. */
function isOpen(address: string, { prefix, isFinished }: AddressOptions): boolean {
  if (isFinished) return address.startsWith(hole)
  return address.includes(prefix) || /^\/(?!\/)/.test(address)
}

/** Whether a browser can read it; where the host is a reader's value, or there is none, nothing is said. */
function isAddress(url: string): boolean {
  return !/^https?:\/\/[^/?#]/i.test(url) || URL.canParse(url.replaceAll(hole, 'x'))
}

function showHoles(text: string): string {
  return text.replaceAll(hole, '{{ … }}')
}

function lintFile(src: string, place: Place, options: AddressOptions): Problem[] {
  const { images, isFinished, isElsewhere } = options
  const image = findImage(images, src)
  if (typeof image === 'string')
    return [errorAt(place, `the image ${src} cannot be read`, image, 'save it as JPEG or PNG')]
  if (image === undefined && !src.includes(hole) && !isElsewhere)
    return [
      errorAt(
        place,
        `the image ${src} is missing`,
        'there is no such file beside the campaign',
        'add the file, or correct its name',
      ),
    ]
  if (!isFinished) return []
  return [
    errorAt(
      place,
      `the image ${showHoles(src)} is not published`,
      'only a file that src or background names without a condition is put on the web',
      'put conditions around whole images, or write the address with https://',
    ),
  ]
}
