"""What a domain may import: money, time, ids, errors, events. Pure, standard library only."""
