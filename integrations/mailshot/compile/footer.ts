/** `{{ footer }}` in an MJML campaign: what the law asks for, in the reader's language. On one line, so that none move. */
export const footerMjml = [
  '<mj-section padding="24px 0"><mj-column>',
  '<mj-text font-size="13px" line-height="1.6" color="#5c616b" align="center">',
  '<p>{{ words.why }}</p>',
  '<p><a href="{{ url_unsubscribe }}" style="color:#4a4e57">{{ words.unsubscribe }}</a> · ',
  '<a href="{{ url_preferences }}" style="color:#4a4e57">{{ words.preferences }}</a> · ',
  '<a href="{{ url_view }}" style="color:#4a4e57">{{ words.view_in_browser }}</a></p>',
  '<p>{{ site.title }}, {{ site.address }}</p>',
  '</mj-text></mj-column></mj-section>',
].join('')
