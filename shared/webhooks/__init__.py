"""Webhooks: who wants to be told of what, what there is to tell, and the book of every try to tell it.

endpoints    where somebody wants to be told
events       what happened, and who is told of it: written by the transaction that ends a job
claim        take deliveries that are due, a few of each endpoint
outcomes     write what a try came to
schedule     when to try again
signing      the headers that a receiver checks
sending      one try, and what it came to
bodies       an event in words
deliveries   the book as its owner reads it, and asks for things again
trouble      what does not get through, for whoever runs the service
upkeep       what nobody waits for any more
"""
