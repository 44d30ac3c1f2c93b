"""实名与授权: signing in by phone, proving one's identity, choosing for whom one acts."""
