import type { Place } from '../problem.ts'

/**
 * What a mail layout that is an Astro component, `campaigns/layouts/<name>.astro`, gets as its props. It outputs MJML, is
 * rendered once for each language of a campaign, and puts the campaign where its `<slot />` is, in an `<mj-text>`:
 *
 * ```astro
 * ---
 * import type { LayoutProps } from 'astro-mailshot'
 * import Card from '../../src/components/Card.astro'
 *
 * export const params = { accent: '#1f5c41' }
 * type Props = LayoutProps<typeof params>
 *
 * const { lang, dir, site } = Astro.props
 * const { accent } = Astro.props.params
 * ---
 * <mjml lang={lang} dir={dir}>
 *   <mj-head>
 *     <mj-style is:raw>.card { border-radius: 8px }</mj-style>
 *   </mj-head>
 *   <mj-body>
 *     <mj-section border-top={`4px solid ${accent}`}>
 *       <mj-column>
 *         <mj-text><slot /></mj-text>
 *         <Card title={site.title} />
 *         <mj-text is:raw><a href="{{ url_unsubscribe }}">{{ words.unsubscribe }}</a></mj-text>
 *       </mj-column>
 *     </mj-section>
 *   </mj-body>
 * </mjml>
 * ```
 *
 * - Merge fields and `{{ words.… }}` are those of every layout. In Astro a `{` begins an expression: so either write
 *   `{'{{ nom }}'}`, or give the element `is:raw`, which leaves all in it as it is.
 * - Styles belong in `<mj-style is:raw>`; Astro takes a `<style>` out. Pictures lie beside the layout: `src="logo.png"`.
 * - `params` and `title` may be exported, as the front matter of an MJML layout declares them. A campaign sets its
 *   parameters by `params:`.
 * - It must be the same whenever and wherever it is rendered: no `new Date()`, no lot, nothing fetched that may change.
 */
export interface LayoutProps<Params extends object = Record<string, string>> {
  /** The language of this variant of the campaign. */
  lang: string
  dir: 'ltr' | 'rtl'
  /** The campaign's name: `2026-06-launch`. */
  slug: string
  /** Stands for the campaign's subject, which is filled in for each reader. A layout needs it only to show it. */
  subject: string
  /** The same for its preheader. */
  preheader: string
  /** From `mailshot.config.ts`, the title in this language. */
  site: { title: string; url: string; address: string }
  /** Every parameter that the layout declares: the campaign's value, else its own. */
  params: { [Name in keyof Params]: string }
}

/**
 * Renders `<campaigns>/layouts/<name>.astro`; `params` are the campaign's own. The site has one (`renderSiteLayout`), and the
 * command line one that loads Astro at need. All give the same bytes. It is asked twice for each mail, to see whether it does.
 */
export type RenderLayout = (
  file: string,
  props: LayoutProps,
) => Promise<RenderedLayout | LayoutFault>

export interface RenderedLayout {
  /** As the component puts it out; nobody has looked at it yet. */
  mjml: string
  /** What the component's file exports by these names. */
  title: unknown
  params: unknown
}

/** Why there is nothing to see: the component's own error, or that nothing can render it here. */
export interface LayoutFault {
  why: string
  cure: string
  /** Where it went wrong, if that is known. */
  place?: Place
}
