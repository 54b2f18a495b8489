"""The course's own small data sets, and loaders for a learner's files.

======================  ======================================================
``load_names()``        given names of many languages, a to z
``load_things()``       sentences such as "a wheel is a machine part"
``load_play()``         a play of Shakespeare's, one long text
``load_spam()``         short messages, each marked as spam or not
``load_houses()``       floor area and price of made-up houses
``load_questions()``    "what is a wheel?" and its answer
``load_preferences()``  two answers to a question, one of them preferred
``card(name)``          how a set was made, what it holds, where it is skewed
``load_lines(...)``     lines of a shipped set, of a file, or of an address
======================  ======================================================

``load_documents(...)`` reads whatever a person brings: lists, prose, plays, code,
chats, JSON lines and CSV.

Everything here works offline; only an address is downloaded, once.
What cannot be read raises ``DataError`` with one line that says why.
"""

from course_lib.data.files import DataError as DataError
from course_lib.data.files import load_lines as load_lines
from course_lib.data.sets import Exchange as Exchange
from course_lib.data.sets import House as House
from course_lib.data.sets import Message as Message
from course_lib.data.sets import Preference as Preference
from course_lib.data.sets import card as card
from course_lib.data.sets import load_houses as load_houses
from course_lib.data.sets import load_names as load_names
from course_lib.data.sets import load_play as load_play
from course_lib.data.sets import load_preferences as load_preferences
from course_lib.data.sets import load_questions as load_questions
from course_lib.data.sets import load_spam as load_spam
from course_lib.data.sets import load_things as load_things
from course_lib.data.texts import SPLITS as SPLITS
from course_lib.data.texts import Reading as Reading
from course_lib.data.texts import load_documents as load_documents
