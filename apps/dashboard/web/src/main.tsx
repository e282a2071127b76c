import '@mantine/core/styles.css';
import './page.css';
import { createTheme, MantineProvider } from '@mantine/core';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { RequestFailed } from './request.js';
import { takeLoginToken } from './session/login-view.js';
import { sessionQuery } from './session/use-session.js';

// Mantine and the scroll lock of its dialogs write <style> elements: each must carry this response's nonce.
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce;
Object.assign(globalThis, { __webpack_nonce__: nonce });

const theme = createTheme({
  primaryColor: 'cyan',
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  defaultRadius: 'md',
});

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal stays one; what did not arrive is worth another try.
      retry: (count, error) =>
        count < 1 && (!(error instanceof RequestFailed) || error.status === 0 || error.status >= 500),
      staleTime: 1_000,
    },
  },
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof RequestFailed && error.status === 401) client.setQueryData(sessionQuery.queryKey, null);
    },
  }),
});

takeLoginToken();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce ?? ''}>
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
