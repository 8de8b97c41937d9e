-- Takes its number, so that the next one has its own.
DO 0;
