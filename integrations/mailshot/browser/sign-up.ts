const signUpForms = 'form[data-mailshot-sign-up]'
/** Of what an answer says above the form. */
const saidAttribute = 'data-mailshot-said'
/** Makes an id one of its own: another form on the page may have had an answer. */
let answers = 0

/**
 * What a reader's browser does for sign-up forms, where it runs scripts: the answer is shown where the form stands, and what is wrong
 * beside each field, in the form's own language. Upon any trouble a form is posted as it is without a script.
 */
export function answerSignUps(): void {
  // On the document, so that it holds for forms that come later, too: those of an answer, or of a page that a router swaps in.
  // At the form itself then: after what the site may have to say there, before a router on the document takes it.
  document.addEventListener(
    'submit',
    ({ target: form }) => {
      if (!(form instanceof HTMLFormElement) || !form.matches(signUpForms)) return
      form.addEventListener('submit', takeOver, { once: true })
    },
    { capture: true },
  )
  document.addEventListener('astro:page-load', leaveWordsToUs)
  leaveWordsToUs()
}

/** A browser's own words vanish after some seconds, stand one at a time, and are in a language of its own. */
function leaveWordsToUs(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>(signUpForms)) form.noValidate = true
}

function takeOver(event: SubmitEvent): void {
  const form = event.currentTarget
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return
  event.preventDefault()
  if (form.ariaBusy !== 'true') void answerInPlace(form, event.submitter)
}

async function answerInPlace(form: HTMLFormElement, submitter: HTMLElement | null): Promise<void> {
  if (saysUnreadable(form)) return
  form.ariaBusy = 'true'
  const answer = await ask(form, submitter).catch(() => undefined)
  form.ariaBusy = null
  if (!answer || !show(form, answer)) postPlainly(form, submitter)
}

/** A date that is filled in by half would be posted as none; the browser alone knows of it. */
function saysUnreadable(form: HTMLFormElement): boolean {
  const input = Array.from(form.querySelectorAll('input')).find((one) => one.validity.badInput)
  return input !== undefined && !input.reportValidity()
}

interface Answer {
  page: Document
  /** Of the page that the form led on to; undefined where it came back. */
  url: string | undefined
}

async function ask(form: HTMLFormElement, submitter: HTMLElement | null): Promise<Answer> {
  const body = new FormData(form)
  for (const [name, value] of Object.entries(valueOf(submitter))) body.append(name, value)
  const headers = { accept: 'text/html' }
  const signal = AbortSignal.timeout(20_000)
  const response = await fetch(form.action, { method: 'POST', body, headers, signal })
  // They would not be used, and a strict Content-Security-Policy reports them.
  const html = (await response.text()).replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, '')
  const page = new DOMParser().parseFromString(html, 'text/html')
  return { page, url: response.redirected ? response.url : undefined }
}

/** What a button says of itself, where it is one of several. */
function valueOf(button: HTMLElement | null): Record<string, string> {
  return button instanceof HTMLButtonElement && button.name !== ''
    ? { [button.name]: button.value }
    : {}
}

/** By the browser itself: no event, so that no router takes it, and nothing is checked twice. */
function postPlainly(form: HTMLFormElement, submitter: HTMLElement | null): void {
  for (const [name, value] of Object.entries(valueOf(submitter))) {
    form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }))
  }
  form.submit()
}

/** Answers whether there was anything to show. */
function show(form: HTMLFormElement, { page, url }: Answer): boolean {
  const frame = form.closest<HTMLElement>('.mailshot')
  const answered = page.querySelector('.mailshot-page')
  const refusal = page.querySelector('[data-mailshot-refusal]')
  for (const one of page.querySelectorAll('[autofocus]')) one.removeAttribute('autofocus')
  if (!frame || !(answered ?? refusal)) return false
  if (answered && frame.classList.contains('mailshot-page')) {
    document.title = page.title
    if (url !== undefined) history.replaceState(history.state, '', url)
    frame.replaceChildren(...answered.childNodes)
  } else if (answered) {
    frame.replaceChildren(...piecesOf(answered))
  } else if (refusal) {
    for (const before of frame.querySelectorAll(`[${saidAttribute}]`)) before.remove()
    form.before(saidOf(refusal, page.documentElement))
  }
  leaveWordsToUs()
  focusOn(frame)
  return true
}

/** What of an answer stands within a page of the site: the form with what is said of it, or all, with a heading below the page's own. */
function piecesOf(answered: Element): Element[] {
  answers += 1
  renameIds(answered, `-${answers}`)
  const form = answered.querySelector(signUpForms)
  return form
    ? [...answered.querySelectorAll(`[${saidAttribute}]`), form]
    : withLowHeading(answered)
}

/** Why nothing was done, such as too many forms: it stands above the form, which is as it was. */
function saidOf(refusal: Element, { lang, dir }: HTMLElement): Element {
  const said = Object.assign(document.createElement('section'), { lang, dir })
  said.className = 'mailshot-mistakes'
  said.setAttribute(saidAttribute, '')
  said.append(...withLowHeading(refusal))
  return said
}

function withLowHeading({ children }: Element): Element[] {
  return Array.from(children, (child) => {
    if (child.tagName !== 'H1') return child
    const heading = document.createElement('h2')
    heading.append(...child.childNodes)
    return heading
  })
}

function renameIds(answered: Element, suffix: string): void {
  for (const element of answered.querySelectorAll('[id]')) element.id += suffix
  for (const name of ['aria-describedby', 'aria-labelledby', 'for', 'href']) {
    for (const element of answered.querySelectorAll(`[${name}]`)) {
      const value = element.getAttribute(name) ?? ''
      if (name === 'href' && !value.startsWith('#')) continue
      element.setAttribute(
        name,
        value.replace(/\S+/g, (id) => id + suffix),
      )
    }
  }
}

/** Where a reader goes on, by eye, ear or keyboard: at what is said of the form, else at the heading. */
function focusOn(frame: HTMLElement): void {
  const said =
    frame.querySelector<HTMLElement>(`[${saidAttribute}]`) ?? frame.querySelector('h1, h2')
  if (!(said instanceof HTMLElement)) return
  said.tabIndex = -1
  said.focus()
}
