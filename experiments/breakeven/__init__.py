"""Break-even searches: blocks that are added between measured ones, where the verdict changes.

`searches` reads them from the config into the plan, `added` makes the blocks of a step and finds
those of all steps, `step` decides from what was measured which values come next.
"""
