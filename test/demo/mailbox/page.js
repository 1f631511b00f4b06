// The mailbox: a list that grows as mails arrive, and the chosen one beside it. The address keeps the choice (#12).
const list = element('list')
const mails = []
let shown

new EventSource('/events').addEventListener('message', ({ data }) => add(JSON.parse(data)))
addEventListener('hashchange', () => void show())
element('filter').addEventListener('input', filter)
for (const name of ['part', 'width', 'scheme']) element(name).addEventListener('change', arrange)

function add(mail) {
  // The browser connects again by itself after a break, and is told everything once more.
  if (mails[mail.number]) return
  const { name, address } = split(mail.to)
  const time = new Date(mail.at).toLocaleTimeString([], { timeStyle: 'medium' })
  const link = make(
    'a',
    make('strong', name || address),
    make('time', time),
    make('span', mail.subject),
  )
  link.href = `#${mail.number}`
  const item = make('li', link)
  item.className = 'new'
  mails[mail.number] = { ...mail, item, words: `${mail.to} ${mail.subject}`.toLowerCase() }
  list.prepend(item)
  const count = mails.filter(Boolean).length
  element('count').textContent = count
  document.title = `Mailbox (${count})`
  filter()
  if (!location.hash) location.replace(`#${mail.number}`)
  else if (location.hash === link.hash) void show()
}

function filter() {
  const wanted = element('filter').value.toLowerCase()
  for (const mail of mails) if (mail) mail.item.hidden = !mail.words.includes(wanted)
}

async function show() {
  const number = Number(location.hash.slice(1))
  if (!mails[number] || shown === number) return
  shown = number
  for (const mail of mails)
    mail?.item.firstChild.toggleAttribute('aria-current', mail.number === number)
  const parts = await (await fetch(`/mails/${number}/parts`)).json()
  for (const name of ['subject', 'text']) element(name).textContent = parts[name]
  for (const name of ['from', 'to']) element(name).textContent = readable(parts[name])
  element('html').src = `/mails/${number}/html`
  const rows = [
    ['envelope', `${parts.envelope.from} → ${parts.envelope.to.join(', ')}`],
    ['size', `${(parts.size / 1000).toFixed(1)} kB`],
    ...Object.entries(parts.headers),
  ]
  element('headers').replaceChildren(
    ...rows.map(([name, value]) => make('tr', make('th', name), make('td', value))),
  )
  element('nothing').hidden = true
  element('mail').hidden = false
}

function arrange() {
  const part = chosen('part')
  for (const id of ['html', 'text', 'headers']) element(id).hidden = id !== part
  element('width').hidden = element('scheme').hidden = part !== 'html'
  element('html').className = chosen('width')
  element('html').style.colorScheme = chosen('scheme')
}

arrange()

function chosen(name) {
  return document.querySelector(`input[name="${name}"]:checked`).value
}

function readable(mailbox) {
  const { name, address } = split(mailbox)
  return name ? `${name} <${address}>` : address
}

function split(mailbox) {
  const [, name = '', address = mailbox] = /^"?(.*?)"?\s*<(.*)>$/.exec(mailbox) ?? []
  return { name: name.replaceAll('\\"', '"'), address }
}

function make(tag, ...children) {
  const made = document.createElement(tag)
  made.append(...children)
  return made
}

function element(id) {
  return document.getElementById(id)
}
