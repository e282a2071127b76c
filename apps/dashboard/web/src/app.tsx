import { Container, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CustomerView } from './customers/customer-view.js';
import { CustomersView } from './customers/customers-view.js';
import { Frame } from './frame.js';
import { OverviewView } from './overview/overview-view.js';
import { Heading } from './parts/heading.js';
import { Empty, Failure } from './parts/query-state.js';
import { PausesView } from './pauses/pauses-view.js';
import { Link } from './routing/link.js';
import { useAddress } from './routing/location.js';
import { type Route, routeOf } from './routing/route.js';
import { RunView } from './runs/run-view.js';
import { RunsView } from './runs/runs-view.js';
import { LoginView } from './session/login-view.js';
import { SignedOut } from './session/signed-out.js';
import { sessionQuery } from './session/use-session.js';

/** The page: signing in, or the view that the address names. */
export function App() {
  const address = useAddress();
  const route = routeOf(address);
  return route.view === 'login' ? <LoginView /> : <SignedIn route={route} address={address} />;
}

function SignedIn({ route, address }: { route: Route; address: string }) {
  const session = useQuery(sessionQuery);
  if (session.data === null) return <SignedOut>No session is open in this browser, or it is over.</SignedOut>;
  if (session.data === undefined) {
    return (
      <Container size="xs" py={64}>
        {session.error === null ? (
          <Loader aria-label="Reading the session" />
        ) : (
          <Failure what="Your session" error={session.error} retry={() => void session.refetch()} />
        )}
      </Container>
    );
  }
  return (
    <Frame route={route} session={session.data} address={address}>
      <View route={route} />
    </Frame>
  );
}

function View({ route }: { route: Route }) {
  switch (route.view) {
    case 'overview':
      return <OverviewView />;
    case 'runs':
      return <RunsView query={route.query} />;
    case 'run':
      return <RunView key={route.id} id={route.id} />;
    case 'customers':
      return <CustomersView query={route.query} />;
    case 'customer':
      return <CustomerView key={route.id} id={route.id} />;
    case 'pauses':
      return <PausesView query={route.query} />;
    case 'login':
    case 'unknown':
      return (
        <>
          <Heading title="No such view" />
          <Empty title="This address names no view of the dashboard.">
            <Link to="/">Go to the overview</Link>
          </Empty>
        </>
      );
  }
}
