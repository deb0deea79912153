"""Settings: ``local`` for one machine, ``production`` for servers, ``test`` for the tests."""
