// Says in a sentence that something failed, whatever it was. A classic script without imports, so that it also works where
// the page's modules do not load. Its texts stand here for the same reason.

(() => {
  const START_PATIENCE = 20_000;
  const TEXTS = {
    en: ['Something went wrong on this page.', 'Please load the page again. A call that is on goes on. If that does not help, tell whoever runs this server.', 'Load again'],
    es: ['Algo ha fallado en esta página.', 'Vuelva a cargar la página. Si hay una llamada, continúa. Si no sirve, avise a quien lleva este servidor.', 'Volver a cargar'],
  };

  function tell() {
    if (document.getElementById('fault')) return;
    const language = document.documentElement.lang === 'es' || (!document.body.dataset.shown && /^es/i.test(navigator.language));
    const [what, next, again] = TEXTS[language ? 'es' : 'en'];
    const box = document.createElement('div');
    box.id = 'fault';
    box.className = 'banner';
    box.setAttribute('role', 'alert');
    const text = document.createElement('p');
    text.textContent = `${what} ${next}`;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = again;
    button.addEventListener('click', () => location.reload());
    box.append(text, button);
    document.body.prepend(box);
  }

  const told = () => {
    if (document.body) tell();
    else document.addEventListener('DOMContentLoaded', tell);
  };
  window.addEventListener('error', (event) => {
    // A resource that does not load is reported at its element, and does not bubble. A picture is no reason to stop.
    if (event.target === window || event.target.localName === 'script') told();
  }, true);
  window.addEventListener('unhandledrejection', told);
  setTimeout(() => {
    if (!document.body.dataset.shown && !document.querySelector('#banner:not([hidden])')) told();
  }, START_PATIENCE);
})();
