"""The inbox as a test sees it."""

from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait


class Page:
    def __init__(self, driver, base):
        self.driver = driver
        self.base = base

    def open(self, place=""):
        self.driver.get(f"{self.base}/_emulator/{place}")
        self.until(lambda: self.one("#connection").text == "live")

    def until(self, holds, limit=20):
        """Waits until `holds` returns something true, and returns it."""
        ignored = [StaleElementReferenceException, IndexError]
        wait = WebDriverWait(self.driver, limit, poll_frequency=0.03, ignored_exceptions=ignored)
        return wait.until(lambda _: holds())

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def click(self, selector):
        self.until(lambda: self.one(selector).is_displayed())
        # A list that is drawn again in between has other elements.
        self.until(lambda: self.one(selector).click() is None)

    def text(self, selector):
        """The text of an element that has one, whenever it is drawn."""
        return self.until(lambda: self.one(selector).text)

    def bubbles(self):
        """The texts of the messages that are shown."""
        return self.script(
            "return [...document.querySelectorAll('#timeline article')].map(a => a.querySelector('.body').innerText.trim())"
        )

    def numbers(self):
        return self.script(
            "return [...document.querySelectorAll('#timeline article')].map(a => Number(a.dataset.seq))"
        )

    def shows(self, *texts):
        """Waits until exactly these messages are shown."""
        try:
            self.until(lambda: self.bubbles() == list(texts))
        except TimeoutException:
            assert self.bubbles() == list(texts), self.bubbles()
            raise

    def badges(self, number):
        return [badge.text for badge in self.all(f'article[data-seq="{number}"] .badge')]

    def conversations(self):
        return [name.text for name in self.all("#conversations .name")]

    def go(self, title):
        """Opens a conversation of the list."""

        def clicked():
            entries = [entry for entry in self.all("#conversations a") if title in entry.text]
            return entries and entries[0].click() is None

        self.until(clicked)
        self.until(lambda: self.one("#title").text == title)

    def fill(self, selector, text):
        field = self.one(selector)
        field.clear()
        field.send_keys(text)

    def choose(self, selector, value):
        Select(self.one(selector)).select_by_value(value)

    def submit(self, within="dialog"):
        self.click(f"{within} button[type=submit]")

    def says(self, text, within="dialog"):
        """Waits until a form says so."""
        self.until(lambda: text in self.one(f"{within} .said, {within} .problem:not(:empty)").text)

    def problem(self, text, within="dialog"):
        self.until(lambda: text in self.one(f"{within} .problem").text)
