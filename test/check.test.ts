import { describe, expect, test } from 'vitest'
import { formatProblem } from '../integrations/mailshot/campaign.ts'
import { checkCampaigns } from '../integrations/mailshot/check.ts'
import { campaignFolder, markdown, mjml, problemsOf } from './campaign-folder.ts'

/** What is wrong with a body of Markdown, which begins at line 5. */
const inMarkdown = (body: string) => problemsOf({ 'a.md': markdown(body) })
/** What is wrong with the body of a mail in MJML, which begins at line 6. */
const inMjml = (body: string) => problemsOf({ 'a.mjml': mjml(body) })
const section = (inner: string) => `<mj-section><mj-column>${inner}</mj-column></mj-section>`

describe('checkCampaigns', () => {
  test('finds nothing wrong with a good campaign in Markdown, MJML, or several languages', async () => {
    const problems = await problemsOf({
      'a.md': markdown(
        '# Bonjour {{ nom | default: "à tous" }}\n\n[lien](https://a.org)\n\n![x](/a.png)',
      ),
      'b.mjml': mjml(section('<mj-image src="https://a.org/a.png" alt="" />')),
      'c/en.md': markdown('Hello'),
    })
    expect(problems).toEqual([])
  })

  test('finds a condition on readers that cannot be read, and whom nobody knows to exclude', async () => {
    const files = (lines: string) => ({
      'a.md': `---\nsubject: x\nlists: [weekly]\n${lines}\n---\nHello`,
    })
    const config = { segments: { lyon: 'city = Lyon' } }
    const fine = 'segment: not segment = lyon and plan != "pro" # and no comment'
    expect(
      await problemsOf(files('segment: lyon\nexclude: [product, lyon, "lang = de"]'), config),
    ).toEqual([])
    expect(await problemsOf(files('segment: lang = fr and cty = Lyon'), config)).toEqual([
      'a.md:4: segment: unknown field "cty"',
    ])
    expect(await problemsOf(files('segment: lion\nexclude: [prodct]'), config)).toEqual([
      'a.md:4: segment: unknown segment "lion"',
      'a.md:5: exclude: "prodct" is neither a list nor a segment',
    ])
    expect(await problemsOf(files(fine), config)).toEqual([
      'a.md:4: segment: "#" cannot stand here',
    ])
    const checked = await checkCampaigns(campaignFolder(files('segment: lang = fr and cty = Lyon')))
    expect(checked[0]?.problems[0]).toMatchObject({
      why: 'it stands at column 15 of: lang = fr and cty = Lyon',
      cure: 'did you mean "city"?',
    })
  })

  test('finds a front matter without an end, and a mail without a word', async () => {
    expect(await problemsOf({ 'a.md': '---\nsubject: x\nlists: [weekly]\n\n# Titre' })).toEqual([
      'a.md:1: the front matter never ends',
    ])
    expect(await inMarkdown('\n')).toEqual(['a.md:5: the mail is empty'])
  })

  test('says what, why and how to mend it, at the line of the source', async () => {
    const config = campaignFolder({ 'a.md': markdown('un\n\n{{ citty }}') })
    const [checked] = await checkCampaigns(config, ['a'])
    const text = checked?.problems.map(formatProblem).join('\n') ?? ''
    expect(text.replaceAll(`${config.campaigns}/`, '')).toBe(
      'a.md:7: unknown merge field "citty": it is neither built in nor among the fields of mailshot.config.ts; did you mean "city"?',
    )
  })

  test('takes the names of JavaScript’s own properties for unknown ones', async () => {
    expect(await inMarkdown('{{ constructor }} {{ site.constructor }}')).toEqual([
      'a.md:5: unknown {{ site.constructor }}',
      'a.md:5: unknown merge field "constructor"',
    ])
  })

  test('checks the campaigns it is asked for only', async () => {
    const config = campaignFolder({ 'a.md': markdown('{{ x }}'), 'b.md': markdown('{{ x }}') })
    expect((await checkCampaigns(config, ['b'])).map(({ slug }) => slug)).toEqual(['b'])
    expect((await checkCampaigns(config)).map(({ slug }) => slug)).toEqual(['a', 'b'])
  })

  test('answers in the order asked for, however long each takes', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const long = Array.from({ length: 300 }, () => 'mot').join('\n\n')
    const config = campaignFolder(
      Object.fromEntries(names.map((name, at) => [`${name}.md`, markdown(at % 3 ? 'mot' : long)])),
    )
    expect((await checkCampaigns(config)).map(({ slug }) => slug)).toEqual(names)
    const asked = names.toReversed()
    expect((await checkCampaigns(config, asked)).map(({ slug }) => slug)).toEqual(asked)
  })

  test('reports a campaign that does not exist', async () => {
    const [checked] = await checkCampaigns(campaignFolder({}), ['nope'])
    expect(checked?.problems[0]?.what).toBe('no campaign "nope"')
  })

  test('asks for a default or a condition where a field may be empty', async () => {
    expect(await inMarkdown('{{ nom }}\n{{ city | upcase }}')).toEqual([
      'a.md:5: {{ nom }} may be empty',
      'a.md:6: {{ city | upcase }} may be empty',
    ])
    expect(
      await inMarkdown(
        '{{ nom | default: "x" }} {% if nom %}{{ nom }}{% endif %} {% unless nom %}x{% else %}{{ nom }}{% endunless %} {% case plan %}{% when "pro" %}{{ plan }}{% endcase %} {% assign v = city | default: "x" %}{{ v }} {{ email }}',
      ),
    ).toEqual([])
  })

  test('does not take the other branch of a condition for a guard', async () => {
    expect(await inMarkdown('{% if nom %}x{% else %}{{ nom }}{% endif %}')).toEqual([
      'a.md:5: {{ nom }} may be empty',
    ])
    expect(await inMarkdown('{% unless nom %}{{ nom }}{% endunless %}')).toEqual([
      'a.md:5: {{ nom }} may be empty',
    ])
    expect(await inMarkdown('{% if city %}{{ nom }}{% endif %}')).toEqual([
      'a.md:5: {{ nom }} may be empty',
    ])
    expect(await inMarkdown('{% assign v = nom %}{{ v }}')).toEqual([
      'a.md:5: {{ v }} may be empty',
    ])
  })

  test('does not take a default that may be empty itself', async () => {
    expect(await inMarkdown('{{ nom | default: city }}')).toEqual([
      'a.md:5: {{ nom | default: city }} may be empty',
    ])
    expect(
      await inMarkdown('{{ nom | default: city | default: "x" }} {{ nom | default: email }}'),
    ).toEqual([])
  })

  test('finds what only some readers’ mail would trip over', async () => {
    expect(await inMarkdown('{% if plan == "free" %}{{ email | append }}{% endif %}')).toEqual([
      'a.md:5: {{ email | append }} cannot be read',
    ])
    expect(await inMarkdown('{% assign x = email | prepend: "a", "b" %}')).toEqual([
      'a.md:5: {% assign x = email | prepend: "a", "b" %} cannot be read',
    ])
  })

  test('knows a loop’s own names inside the loop only', async () => {
    expect(await inMarkdown('{% for l in listes %}{{ l }}{% endfor %}\n\n{{ l }}')).toEqual([
      'a.md:7: unknown merge field "l"',
    ])
  })

  test('finds unknown fields in subject, preheader, conditions, filters and text parts', async () => {
    const problems = await problemsOf({
      'a/fr.md': markdown(
        '{% if vilel == "x" %}x{% endif %}\n{{ nom | default: prenom }}',
        'subject: {{ nmo | default: "x" }}',
        'preheader: {{ Nom | default: "x" }}',
      ),
      'a/fr.txt': 'un\n{{ citi }}\n',
    })
    expect(problems).toEqual([
      'a/fr.md:2: unknown merge field "nmo"',
      'a/fr.md:4: unknown merge field "Nom"',
      'a/fr.md:6: unknown merge field "vilel"',
      'a/fr.md:7: unknown merge field "prenom"',
      'a/fr.txt:2: unknown merge field "citi"',
    ])
  })

  test('knows a fixed set of tags and filters', async () => {
    expect(
      await inMarkdown(
        '{% include "x" %}\n{% raw %}\n{{ nom | escape }}\n{% for i in (1..9) %}{% endfor %}\n{% iff x %}',
      ),
    ).toEqual([
      'a.md:5: unknown tag {% include "x" %}',
      'a.md:6: unknown tag {% raw %}',
      'a.md:7: unknown filter "escape"',
      'a.md:7: {{ nom | escape }} may be empty',
      'a.md:8: {% for i in (1..9) %} cannot be read',
      'a.md:9: unknown tag {% iff x %}',
    ])
  })

  test('finds blocks that are not closed, closed twice, or crossed', async () => {
    expect(await inMarkdown('{% if nom %}x')).toEqual(['a.md:5: {% if %} is never closed'])
    expect(await inMarkdown('x{% endif %}')).toEqual(['a.md:5: {% endif %} closes nothing'])
    expect(await inMarkdown('{% else %}')).toEqual(['a.md:5: {% else %} stands alone'])
    expect(await inMarkdown('{% if nom %}{% for l in lists %}{% endif %}{% endfor %}')).toContain(
      'a.md:5: {% endif %} closes nothing',
    )
  })

  test('finds a block that begins and ends in different elements', async () => {
    const what = '{% endif %} stands in another element than its {% if %} of line'
    expect(await inMarkdown('- {% if nom %}a\n- b{% endif %}')).toEqual([`a.md:6: ${what} 5`])
    expect(
      await inMjml(section('<mj-text>{% if nom %}a</mj-text>\n<mj-text>b{% endif %}</mj-text>')),
    ).toEqual([`a.mjml:7: ${what} 6`])
    expect(await inMarkdown('[{% if nom %}a](https://a.org/{% endif %})')).toContain(
      'a.md:5: {% endif %} was moved or doubled',
    )
  })

  test('finds placeholders where text is lost', async () => {
    expect(await inMjml('<mj-section>\n{{ email }}\n<mj-column></mj-column></mj-section>')).toEqual(
      ['a.mjml:7: {{ email }} was lost'],
    )
    expect(await inMjml(section('<mj-social>{% if nom %}x{% endif %}</mj-social>'))).toContain(
      'a.mjml:6: {% if nom %} was lost',
    )
  })

  test('finds placeholders where no value can be made safe', async () => {
    const refused = 'a placeholder stands'
    expect(await inMarkdown('<style>\na { color: {{ email }} }\n</style>')).toEqual([
      `a.md:6: ${refused} inside <style>`,
    ])
    expect(await inMarkdown('<b style="color:{{ email }}">x</b>')).toEqual([
      `a.md:5: ${refused} in the attribute style`,
    ])
    expect(await inMarkdown('<{{ url_view }}>')).toEqual([
      `a.md:5: ${refused} as an element; write [text]({{ field }}) for a link`,
    ])
    expect(await inMjml(section('<mj-text css-class="{{ email }}">x</mj-text>'))).toContain(
      'a.mjml:6: a placeholder in the attribute css-class',
    )
  })

  test('finds what is left of a placeholder that was not closed', async () => {
    expect(await inMarkdown('{{ nom\n\nx }}')).toContain('a.md:5: {{ nom x }} cannot be read')
    expect(await inMarkdown('un\n{{ nom\n\n{{ email }}')).toEqual([
      'a.md:6: "{{" without its other half',
    ])
    expect(await inMarkdown('{{ nom | default: “x” }}')).toEqual([
      'a.md:5: {{ nom | default: “x” }} cannot be read',
    ])
  })

  test('finds placeholders of other systems, and leaves addresses alone', async () => {
    expect(await inMarkdown('*|NOM|*\n[[nom]]\n%PRENOM%\n@nom@')).toEqual([
      'a.md:5: "*|NOM|*" looks like a placeholder',
      'a.md:6: "[[nom]]" looks like a placeholder',
      'a.md:7: "%PRENOM%" looks like a placeholder',
      'a.md:8: "@nom@" looks like a placeholder',
    ])
    expect(
      await inMarkdown(
        '[[x]](https://a.org) 100% de 50% a@b.org https://a.org/%C3%A9t%C3%A9?a=@b@ <https://a.org/@x@>',
      ),
    ).toEqual([])
    expect(await problemsOf({ 'a.md': markdown('x', 'subject: Bonjour *|FNAME|*') })).toEqual([
      'a.md:2: "*|FNAME|*" looks like a placeholder',
    ])
    expect(await problemsOf({ 'a.md': markdown('x'), 'a.txt': 'un\n[[nom]]\n' })).toEqual([
      'a.txt:2: "[[nom]]" looks like a placeholder',
    ])
  })

  test('finds links that lead nowhere or do harm', async () => {
    expect(
      await inMarkdown(
        '[a](javascript:alert(1))\n[b]()\n[c](page.html)\n[d](http://localhost:3000/x)\n[e](data:text/html,x)\n[f](#)\n[g](//x.org)\n<a href=" Java&#9;Script:x">h</a>\n[i][r]\n\n[r]: http://127.0.0.1/\n\n[j](https://a.org:99999/)\n[k](https://a%zz.org/e)',
      ),
    ).toEqual([
      'a.md:5: the link javascript:alert(1) is not allowed',
      'a.md:6: a link without an address',
      'a.md:7: the link page.html has no beginning',
      'a.md:8: the link http://localhost:3000/x leads to a local machine',
      'a.md:9: the link data:text/html,x is not allowed',
      'a.md:10: a link without an address',
      'a.md:11: the link //x.org has no beginning',
      'a.md:12: the link JavaScript:x is not allowed',
      'a.md:13: the link http://127.0.0.1/ leads to a local machine',
      'a.md:17: the link https://a.org:99999/ cannot be opened',
      'a.md:18: the link https://a%zz.org/e cannot be opened',
    ])
    expect(await inMjml(section('<mj-button href="javascript:x">x</mj-button>'))).toEqual([
      'a.mjml:6: the link javascript:x is not allowed',
    ])
  })

  test('takes every good kind of link', async () => {
    expect(
      await inMarkdown(
        '[a](https://a.org) [b](mailto:a@b.org?subject=x) [c](tel:+33123) [d](/page) [e](#notes) [f]({{ url_view }}) [g]({{ site.url }}/x)',
      ),
    ).toEqual([])
  })

  test('finds scripts, forms and event handlers', async () => {
    expect(
      await inMarkdown(
        '<script>x</script>\n\n<form action="/x"></form>\n\n<b onclick="x">y</b>\n\n<iframe src="https://a.org"></iframe>',
      ),
    ).toEqual([
      'a.md:5: <script> in a mail',
      'a.md:7: <form> in a mail',
      'a.md:9: the attribute onclick',
      'a.md:11: <iframe> in a mail',
    ])
  })

  test('finds images that are missing, unreadable, or without alt text', async () => {
    const problems = await problemsOf({
      'a.md': markdown(
        '![x](nope.png)\n![](b.png)\n![x](b.png)\n<img src="../b.png" alt="x">\n![x](data:image/png;base64,AA)',
      ),
      'b.png': 'no image',
    })
    expect(problems).toEqual([
      'a.md:5: the image nope.png is missing',
      'a.md:6: the image b.png cannot be read',
      'a.md:6: the image b.png has no alt text',
      'a.md:7: the image b.png cannot be read',
      'a.md:8: the image ../b.png is missing',
      'a.md:9: an image written into the source',
    ])
    expect(await inMjml(section('<mj-image src="https://a.org/a.png" />'))).toEqual([
      'a.mjml:6: the image https://a.org/a.png has no alt text',
    ])
  })

  test('warns of headings that skip a level', async () => {
    expect(await inMarkdown('# Un\n\n### Trois\n\n## Deux\n\n### Trois')).toEqual([
      'a.md:7: warning: a heading of level 3 follows one of level 1',
    ])
  })

  test('warns above 100 KB of HTML', async () => {
    expect(await inMarkdown('x'.repeat(110_000))).toEqual([
      expect.stringMatching(/^a\.md:1: warning: 1\d\d KB of HTML$/),
    ])
  })

  test('finds MJML that is wrong, at its line', async () => {
    expect(
      await inMjml(
        `<mj-section>\n<mj-column>\n<mj-text foo="x">a</mj-text>\n<mj-tetx>b</mj-tetx></mj-column></mj-section>`,
      ),
    ).toEqual(['a.mjml:8: <mj-text> is wrong', 'a.mjml:9: <mj-tetx> is wrong'])
    expect(await inMjml('<mj-section><mj-column></mj-column>')).toContain(
      'a.mjml:6: <mj-section> is never closed',
    )
    expect(await problemsOf({ 'a.mjml': markdown('<p>x</p>') })).toContain(
      'a.mjml:5: the MJML is wrong',
    )
  })

  test('refuses MJML that draws by lot or reads other files', async () => {
    expect(
      await inMjml(
        section('<mj-carousel></mj-carousel>\n<mj-navbar></mj-navbar>') +
          '\n<mj-include path="x.mjml" />',
      ),
    ).toEqual(
      expect.arrayContaining([
        'a.mjml:6: <mj-carousel> is not allowed',
        'a.mjml:7: <mj-navbar> is not allowed',
        'a.mjml:8: <mj-include> is not allowed',
      ]),
    )
  })

  test('asks for an unsubscribe link in every mail', async () => {
    const text = mjml(section('<mj-text>x</mj-text>')).replace('{{ footer }}', '')
    expect(await problemsOf({ 'a.mjml': text })).toEqual(['a.mjml:5: no unsubscribe link'])
    const layout =
      '<mjml><mj-body><mj-section><mj-column><mj-text>{{ content }}</mj-text></mj-column></mj-section></mj-body></mjml>'
    expect(
      await problemsOf({ 'a.md': markdown('x', 'layout: own'), 'layouts/own.mjml': layout }),
    ).toEqual(['layouts/own.mjml:1: no unsubscribe link'])
  })

  test('finds a layout’s mistakes at the layout’s lines, above and below the content', async () => {
    const layout = `---\ntitle: Own\n---\n<mjml><mj-body>\n<mj-section foo="x"><mj-column>\n<mj-text>{{ content }}</mj-text>\n<mj-text bar="x">{{ words.unsubscrib }} {{ params.x }} <a href="{{ url_unsubscribe }}">x</a></mj-text>\n</mj-column></mj-section></mj-body></mjml>`
    const problems = await problemsOf({
      'a.md': markdown('un\n\ndeux\n\ntrois', 'layout: own'),
      'layouts/own.mjml': layout,
    })
    expect(problems).toEqual([
      'layouts/own.mjml:5: <mj-section> is wrong',
      'layouts/own.mjml:7: unknown {{ words.unsubscrib }}',
      'layouts/own.mjml:7: unknown {{ params.x }}',
      'layouts/own.mjml:7: <mj-text> is wrong',
    ])
  })

  test('finds a layout that has no place for the campaign', async () => {
    const layout =
      '<mjml><mj-body><mj-section><mj-column><mj-text><a href="{{ url_unsubscribe }}">x</a></mj-text></mj-column></mj-section></mj-body></mjml>'
    expect(
      await problemsOf({ 'a.md': markdown('x', 'layout: own'), 'layouts/own.mjml': layout }),
    ).toContain('layouts/own.mjml:1: the layout has no {{ content }}')
  })

  test('finds MJML elements in Markdown', async () => {
    expect(await inMarkdown('<mj-text>x</mj-text>')).toEqual(['a.md:5: <mj-text> in Markdown'])
  })
})
