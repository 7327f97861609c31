DROP INDEX offers_handed_over;
