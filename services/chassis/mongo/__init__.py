"""MongoDB as a service sees it: one commit for state, events, inbox and stored answer."""
