"""The only part that touches the world: performs what the plan says, emits events, and keeps the results.

From an action to bytes, once a procedure has yielded it:

    runner       which node is next, and on which thread
      worker     drives the node's procedure; places, pins and notes its outcome
        actions  `Engine.perform`: known? lease; known now? performed; kept, recorded, then noted as done
          performers           forge's own: measure, measure_clip, finish, repair, sheet
          calls                a provider's: money reserved, journal, the request; found again where its answer was lost
            following          an accepted job: polls, the result's address, the deadline
            executors          the provider itself; examines what it answers, fetches what lies at an address

There are six records from a reply to an outcome, and each says something that the one before it can't:

    Reply      what the provider answered: text, bytes, or the address where they lie
    Performed  checked bytes with a value and a cost, also of what forge does itself and of a block
    Result     the same as digests, once they are kept: what a procedure is sent, now or from the store
    Made       what an attempt made of one or more results, and how; also what the lock pins. Not judged yet
    Attempt    the same with its number and how it was judged
    Outcome    the attempt that stays, for its node: a row in the index, and a pin in the lock

A paid call's states are the journal's (`store.journal`); each is committed before what follows it:

    (none) --> intent --POST--> submitted --polls, fetch--> kept, recorded --> done
                 |                  +--> refused     the job failed
                 |                  +--> cancelled   the user asked for it
                 |                  +--> submitted   deadline, or interrupted: a later build looks again
                 +--> refused    definitely not accepted; `intent` again where that may pass (too many requests)
                 +--> done       the answer was the result
                 +--> unknown    no answer, one that can't be used, or the process died
                        +--> submitted   the provider finds it
                        +--> intent      proven that there is none, or sent twice it is charged once

What the user gives up of this is `abandoned`, and not sent again by itself. What a filter blocks is a result without an
artifact, and so `done`.
"""
