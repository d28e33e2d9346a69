"""How pictures are judged: measures, scores, statistics, answers."""
