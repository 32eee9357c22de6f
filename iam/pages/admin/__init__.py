"""The pages of the administration, made of the actions: who administers this server looks after it there."""
